#!/bin/sh
# Writes what docker-compose.yml reads as secrets: a new password for PostgreSQL, and the address with it.
# Files that are there are kept: the password must stay that of the database's volume.
set -eu
here=${1:-$(dirname "$0")/secrets}
mkdir -p "$here"
chmod 700 "$here"
if [ ! -s "$here/postgres_password" ]; then
  # Letters and digits alone: the same text stands in a URL.
  LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c 40 > "$here/postgres_password"
fi
printf 'postgresql://dateline:%s@postgres:5432/dateline\n' "$(cat "$here/postgres_password")" > "$here/database_url"
# Containers read them under users of their own; the folder keeps everybody else of this machine out.
chmod 444 "$here/postgres_password" "$here/database_url"
echo "secrets are in $here"
