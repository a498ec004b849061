#!/usr/bin/env bash
# Fetches the peers of `make interop` that are not installed as packages of
# their own, into the folder $1: the library by which Thunderbird opens mail,
# out of Debian's package, and pdf.js from npm. One that cannot be had is left
# out, and said; CI needs neither.
set -uo pipefail
mkdir -p "$1" && cd "$1" || exit 1

if [ ! -e usr/lib/thunderbird/librnp.so ] && [ ! -e /usr/lib/thunderbird/librnp.so ]; then
  if apt-get download -qq thunderbird >/dev/null 2>&1 && dpkg-deb --fsys-tarfile thunderbird_*.deb | tar -x ./usr/lib/thunderbird/librnp.so; then
    echo "Thunderbird's library is unpacked."
  else
    echo "Thunderbird's library is left out: apt-get download thunderbird failed."
  fi
  rm -f thunderbird_*.deb
fi
if [ ! -d node_modules/pdfjs-dist ]; then
  npm install --no-audit --no-fund --omit=optional pdfjs-dist@4 >/dev/null 2>&1 && echo "pdf.js is installed." ||
    echo "pdf.js is left out: npm install pdfjs-dist@4 failed."
fi
exit 0
