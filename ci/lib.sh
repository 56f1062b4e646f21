# Words shared by the scripts in this folder. A script sources this file first:
#     . "$(dirname "$0")/lib.sh"
# and is then at the root of the repository, whatever folder it was called from.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The flags of whoever calls would reach the standard library built below, and rebuild everything.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR
# Debug information and incremental files cost a third of the time here and nobody reads them.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0

say() { printf '\n== %s\n' "$*"; }

die() {
    printf 'ci: %s\n' "$*" >&2
    exit 1
}

# Runs apt-get, with the right to install.
apt() {
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o=Dpkg::Use-Pty=0 "$@" </dev/null
}

# need_packages PACKAGE...: installs those that are missing; asks nothing of the network when none is.
need_packages() {
    local package missing=()
    for package; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>&-)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    # Without fresh lists apt-get may not know a package, or ask for a version that is gone.
    apt update >/dev/null
    apt install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Debian's second compiler. Its archive also has the source of the standard library and the clippy of the
# very same version, so it can check and build for every target that rustc knows, with nothing else to fetch.
need_debian_rust() { need_packages rustc-web cargo-web rust-web-src rust-web-clippy; }

# debian_rust cargo|cargo-clippy ARGUMENT...: runs it. Everything is named by its full path: the cargo and
# the rustc on the PATH are other ones, and stay so. RUSTC_BOOTSTRAP allows -Zbuild-std on a stable compiler.
debian_rust() {
    local program=$1
    shift
    env -u RUSTUP_TOOLCHAIN CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
        "/usr/bin/$program" "$@" </dev/null
}
