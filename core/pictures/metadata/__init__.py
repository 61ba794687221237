"""What people, cameras and telephones wrote into picture files: EXIF, IPTC, XMP; decodes no picture."""
