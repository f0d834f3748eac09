#!/bin/sh
# Make an aarch64 Python with the pinned compressors, to run under qemu-user: setup_aarch64.sh FOLDER
#
# Needs apt and dpkg-deb of Debian or Ubuntu, and uv. Nothing of this machine's own package state is touched: apt gets its own
# lists, cache and architecture. Does nothing when FOLDER is complete already.
set -eu

folder=${1:?usage: setup_aarch64.sh FOLDER}
project=$(cd "$(dirname "$0")/../.." && pwd)
lock_hash=$(sha256sum "$project/requirements.lock" | cut -d ' ' -f 1)
[ "$(cat "$folder/complete" 2>/dev/null)" = "$lock_hash" ] && exit 0

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/.aarch64-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$work/root" "$work/site"

apt() {
    "$@" -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User="$(id -un)" \
        -o Dir::State::Lists="$work/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" $sources
}

# Debian serves every architecture from one place, Ubuntu all but amd64 from another.
sources=""
. /etc/os-release
if [ "$ID" = ubuntu ] && [ "$(dpkg --print-architecture)" = amd64 ]; then
    echo "deb http://ports.ubuntu.com/ubuntu-ports $VERSION_CODENAME main universe" >"$work/sources.list"
    sources="-o Dir::Etc::SourceList=$work/sources.list -o Dir::Etc::SourceParts=-"
fi

apt apt-get update
python=$(apt apt-cache depends python3-minimal | sed -n 's/.*Depends: \(python3\.[0-9]*\)-minimal$/\1/p')
(
    cd "$work/debs"
    apt apt-get download "$python-minimal" "lib$python-minimal" "lib$python-stdlib" libc6 zlib1g libexpat1
)
for deb in "$work/debs"/*.deb; do
    dpkg-deb -x "$deb" "$work/root"
done
ln -s "$python" "$work/root/usr/bin/python"

uv pip install --quiet --system-certs --no-deps --only-binary :all: --constraint "$project/requirements.lock" \
    --python-platform aarch64-manylinux_2_28 --python-version "${python#python}" --target "$work/site" \
    zlib-ng backports-zstd

rm -rf "$work/lists" "$work/cache" "$work/debs"
echo "$lock_hash" >"$work/complete"
rm -rf "$folder"
mv "$work" "$folder"
trap - EXIT
chmod 755 "$folder"
