"""What people touch: the web app and the command line; asks core for everything and computes nothing itself."""
