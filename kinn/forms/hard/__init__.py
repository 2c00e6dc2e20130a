"""Hard conditions: trial functions that satisfy them whatever the network does, on boxes and on any shape."""
