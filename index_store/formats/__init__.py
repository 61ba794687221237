"""Collections as files of other programs: JSON lines and the Common Index File Format."""
