"""Picture files of every form as pictures in memory, within bounds; knows no folders."""
