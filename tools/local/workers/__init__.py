"""Function workers that are forked from a warm parent, in the emulator that `make up` starts.

The emulator starts an interpreter for every concurrent call of a function, and each imports for
about a second and keeps what it imported for itself. Here a parent imports it once:

    emulator (client.py) -- one socket --> parent (parent.py)
                                             -> a service's parent, which has imported `shop`
                                                  -> its functions' workers

Each is forked from the one before, so they share the memory of what was imported. How many there
are, and for how long, is limited in limits.py.
"""
