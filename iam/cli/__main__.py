"""``python -m iam.cli``: the same as ``iam``."""

from iam.cli import main

if __name__ == "__main__":
    main()
