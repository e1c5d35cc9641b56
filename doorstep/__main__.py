"""The command-line tool as a module, as the image starts it: `python -m doorstep migrate`."""

from doorstep.cli import main

if __name__ == "__main__":
    main()
