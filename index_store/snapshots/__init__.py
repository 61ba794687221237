"""What a collection holds at one moment, and how newer moments are noticed while others write."""
