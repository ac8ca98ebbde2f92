"""`python -m kimicode` is `kimicode`."""

from kimicode.cli.main import main

if __name__ == "__main__":
    main()
