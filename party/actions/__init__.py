"""Acts of the Party room, one file per aggregate."""
