"""The parity suite's machinery: one case, run on the real Envoy and on Pillion, and what everybody saw compared."""
