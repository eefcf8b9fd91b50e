"""Real clients and servers, and bootstraps for between them."""
