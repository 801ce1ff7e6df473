"""What goes through several features: pages (the front page, a circle's home, "me"), the copy of all that somebody has
here, and erasing it. Owns no table; what it changes, it changes by calling the operations of the features."""
