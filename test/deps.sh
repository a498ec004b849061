#!/usr/bin/env bash
# Installs the Debian packages that the tests use as real peers, where they
# are missing: GnuPG, Sequoia and RNP open what was sealed, OpenSSL verifies what was signed,
# Tesseract reads pictures, swaks and Python send, promtool checks, a C
# compiler builds the race detector. With the argument eval also those that
# write the documents of `make eval`: LibreOffice and Python's libraries.
# Without root or apt it says what is missing, and stops.
set -euo pipefail

need=(
  gcc:gcc
  gpg:gnupg
  gpgsm:gpgsm
  sq:sq
  rnp:rnp
  openssl:openssl
  swaks:swaks
  python3:python3
  promtool:prometheus
  pdftotext:poppler-utils
  tesseract:tesseract-ocr
  postfix:postfix
  slapd:slapd
  dovecot:dovecot-core
  strace:strace
  7z:p7zip-full
  qpdf:qpdf
  mutool:mupdf-tools
  bsdtar:libarchive-tools
  unzip:unzip
  icalendar:python3-icalendar
  ripmime:ripmime
)

PATH=$PATH:/usr/sbin:/sbin
missing=()
for n in "${need[@]}"; do
  command -v "${n%%:*}" >/dev/null 2>&1 || missing+=("${n##*:}")
done
# The server's programs are not on the PATH.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
# swaks speaks TLS only with it, and merely suggests it.
perl -MNet::SSLeay -e 1 >/dev/null 2>&1 || missing+=(libnet-ssleay-perl)
[ -d /usr/include/x86_64-linux-gnu/sys ] || [ -d /usr/include/sys ] || missing+=(libc6-dev)
# Languages of Tesseract are files.
for l in dan nor swe fin eng; do
  compgen -G "/usr/share/tesseract-ocr/*/tessdata/$l.traineddata" >/dev/null || missing+=("tesseract-ocr-$l")
done
# Peers that not every distribution has: without them their tests say so and are
# skipped.
if command -v apt-cache >/dev/null 2>&1; then
  for n in pebble:pebble testssl:testssl.sh sslscan:sslscan gpg1:gnupg1 miniunzip:minizip; do
    command -v "${n%%:*}" >/dev/null 2>&1 || [ -z "$(apt-cache madison "${n##*:}" 2>/dev/null)" ] || missing+=("${n##*:}")
  done
fi
[ ${#missing[@]} -eq 0 ] && exit 0

echo "The tests need these Debian packages: ${missing[*]}"
sudo=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && sudo=sudo || {
    echo "Install them first: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  }
fi
echo "Installing them."
export DEBIAN_FRONTEND=noninteractive
# Nothing that is installed for a test is started as a service.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
  $sudo chmod 755 $policy
  trap '$sudo rm -f $policy' EXIT
fi
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
