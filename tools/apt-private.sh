# shellcheck shell=sh
# A private configuration of apt, so that the machine's own settings and lists stay as they are.
# Sourced by scripts that set $top and define die().

# Prints the machine's apt sources as deb-src entries in the deb822 format, without those of
# other archives: only the suites of this distribution release.
derive_sources() {
    etc=${CUBICLE_APT_ETC:-/etc/apt}
    # shellcheck source=/dev/null
    release=${CUBICLE_APT_RELEASE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
    for file in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
        [ -f "$file" ] && awk -v release="$release" -f "${top:?}/tools/fetch-list.awk" "$file"
    done
    for file in "$etc"/sources.list.d/*.sources; do
        [ -f "$file" ] && awk -v release="$release" -f "$top/tools/fetch-deb822.awk" "$file"
    done
    return 0
}

# Writes apt.conf and sources to folder $1, for packages of type $2: deb or deb-src.
apt_configure() {
    mkdir -p "$1/lists/partial" "$1/cache" "$1/parts"
    derive_sources | sed "s/^Types: deb-src/Types: $2/" >"$1/parts/cubicle.sources"
    [ -s "$1/parts/cubicle.sources" ] || die \
        "/etc/apt names no source of packages for this release;" \
        "add the Debian archive to /etc/apt/sources.list.d"
    cat >"$1/apt.conf" <<END
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$1/parts";
Dir::State::Lists "$1/lists";
Dir::Cache "$1/cache";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END
    [ "$(id -u)" = 0 ] || echo 'Debug::NoLocking "true";' >>"$1/apt.conf"
}
