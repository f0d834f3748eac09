#!/bin/sh
# Build other people's clients and their registry server: setup_judges.sh FOLDER
#
# Needs Go, flock and, for what is not there yet, a module proxy, some minutes and 5 GB of disk. A program is there whole or not
# at all, so a call that was stopped is gone on with by the next one; of two at once the second waits. Only the programs are
# kept: name a GOMODCACHE or GOCACHE to keep more.
set -eu

folder=${1:?usage: setup_judges.sh FOLDER}
work=$folder/work
PATH="$PATH:/usr/local/go/bin" # where Go's own archive is unpacked

mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9

# Nobody else is at work, so what lies there was left by a call that was killed. Go makes its modules read-only.
clean() {
    [ ! -e "$work" ] || chmod -R u+w "$work"
    rm -rf "$work"
}
clean
trap clean EXIT
trap 'exit 1' HUP INT TERM

# Build a program unless it is there: judge MODULE VERSION PACKAGE
judge() {
    name=${3##*/}
    # A Go program says of which module and version it was built.
    grep -aqsF "$(printf 'mod\t%s\t%s\t' "$1" "$2")" "$folder/$name" && return

    echo "building $name of $1@$2" >&2
    mkdir -p "$work"
    GOBIN="$work/bin" GOMODCACHE="${GOMODCACHE:-$work/modules}" GOCACHE="${GOCACHE:-$work/cache}" GOFLAGS=-mod=mod \
        CGO_ENABLED=0 GOOS='' GOARCH='' nice go install -trimpath -ldflags='-s -w' "$1/$3@$2" >"$work/log" 2>&1 || {
        tail -n 5 "$work/log" >&2
        exit 1
    }
    mv "$work/bin/$name" "$folder/$name"
}

# The largest comes last: the others are there when it cannot be built.
judge github.com/google/go-containerregistry v0.21.9 cmd/crane
judge github.com/regclient/regclient v0.11.5 cmd/regctl
judge oras.land/oras v1.3.3 cmd/oras
judge github.com/distribution/distribution/v3 v3.1.1 cmd/registry
judge github.com/sigstore/cosign/v3 v3.1.2 cmd/cosign
