"""What the attempts to break Pillion are made of."""
