"""Folders of other servers, asked over SFTP: the newest whole file is fetched, and nothing there is ever changed.

Flow: ``settings`` says where and as whom → ``session`` connects, makes the server prove itself by its own key
(``keys``) and signs in → ``remote_folder`` looks, and ``connectors.drop.choice`` chooses as it does here → ``fetching``
copies the file into one that is gone as soon as it is closed. Everything together has one end; ``faults`` are its
words. A server whose key is not the one of the settings is told nothing, neither a password nor a name.

Any connector that reads a file may use it: ``fetched`` gives an ``InputFile``.
"""

from connectors.sftp.fetching import fetched
from connectors.sftp.settings import SftpSettings, problems

__all__ = ["SftpSettings", "fetched", "problems"]
