"""What people hand over: picture files, captions beside them, uploads; knows no models and no collections."""
