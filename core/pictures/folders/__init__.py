"""Which pictures lie in folders, zips and uploads, and which of them were there before; decodes none."""
