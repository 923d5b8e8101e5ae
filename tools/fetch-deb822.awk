# deb822 apt sources (*.sources) to deb-src stanzas, only for the suites of @release.
# Fields other than Types, Suites and Architectures are kept as they are. See tools/fetch.sh.
function flush(    i, n, suite, base, kept) {
    n = split(value["suites"], suite, /[ \t\n]+/)
    for (i = 1; i <= n; i++) {
        base = suite[i]
        sub(/(-updates|-security|\/updates)$/, "", base)
        if (base == release || base == "stable") {
            kept = kept " " suite[i]
        }
    }
    if (kept != "" && value["types"] ~ /deb/ && value["enabled"] !~ /no|false|off|0/ &&
        value["uris"] !~ /^[ \t]*cdrom:/) {
        printf "Types: deb-src\nSuites:%s\n%s\n", kept, other
    }
    split("", value)
    other = ""
    field = ""
}

/^#/ { next }

/^[ \t]*$/ {
    flush()
    next
}

/^[^ \t]/ {
    field = tolower(substr($0, 1, index($0, ":") - 1))
    value[field] = substr($0, index($0, ":") + 1)
}

/^[ \t]/ { value[field] = value[field] "\n" $0 }

field != "types" && field != "suites" && field != "architectures" { other = other $0 "\n" }

END { flush() }
