"""The translations: one ``avain.po`` a language, and how messages are found for them.

``update.sh`` collects messages as ``babel.cfg`` says and updates the catalogs; ``iam.texts`` reads them. Nothing at run
time imports this package.
"""
