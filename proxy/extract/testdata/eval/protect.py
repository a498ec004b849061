"""Has LibreOffice save documents under a password.

  protect.py SOURCE FILTER PASSWORD RESULT [SOURCE FILTER PASSWORD RESULT ...]

starts an office of its own, which ends with this program. It needs python3-uno.
A RESULT that ends in -1.1.odt is of ODF 1.1.
"""
import os
import signal
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import NamedValue, PropertyValue


def value(name, what):
    p = PropertyValue()
    p.Name, p.Value = name, what
    return p


def protection(name, password):
    """The words for it: Office's own formats since 2007 want a key, not a password."""
    if "2007" not in name:
        return value("Password", password)
    key = (NamedValue("CryptoType", "Standard"), NamedValue("OOXPassword", password))
    return value("EncryptionData", uno.Any("[]com.sun.star.beans.NamedValue", key))


profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
pipe = "postvern-%d" % os.getpid()
office = subprocess.Popen(
    ["soffice", "--headless", "--norestore", "-env:UserInstallation=file://" + profile.name, "--accept=pipe,name=" + pipe + ";urp;"],
    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
)
try:
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(120):
        try:
            context = resolver.resolve("uno:pipe,name=" + pipe + ";urp;StarOffice.ComponentContext")
            break
        except Exception:
            time.sleep(0.5)
    desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
    path = value("nodepath", "/org.openoffice.Office.Common/Save")
    provider = context.ServiceManager.createInstanceWithContext("com.sun.star.configuration.ConfigurationProvider", context)
    settings = provider.createInstanceWithArguments("com.sun.star.configuration.ConfigurationUpdateAccess", (path,))
    save = settings.getByName("ODF")
    jobs = sys.argv[1:]
    while jobs:
        source, name, password, result = jobs[:4]
        jobs = jobs[4:]
        save.DefaultVersion = 2 if "-1.1." in result else 3  # ODF 1.1 has Blowfish
        settings.commitChanges()
        document = desktop.loadComponentFromURL("file://" + source, "_blank", 0, (value("Hidden", True),))
        document.storeToURL("file://" + result, (value("FilterName", name), protection(name, password)))
        document.close(True)
    try:
        desktop.terminate()
    except Exception:
        pass
finally:
    try:
        os.killpg(office.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    office.wait()
    profile.cleanup()
