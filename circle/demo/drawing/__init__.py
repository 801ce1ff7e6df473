"""Original flat illustrations for the demo circle: one module per family of motifs, all drawn on `art.Art`."""
