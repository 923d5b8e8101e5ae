# One-line apt sources ("deb [options] URI suite components...") to deb822 deb-src stanzas,
# only for the suites of @release. See tools/fetch.sh.
{ sub(/#.*/, "") }

$1 == "deb" || $1 == "deb-src" {
    i = 2
    options = ""
    if ($i ~ /^\[/) {
        do {
            options = options " " $i
        } while ($(i++) !~ /\]$/ && i <= NF)
        gsub(/[][]/, "", options)
    }
    uri = $(i++)
    suite = $(i++)
    base = suite
    sub(/(-updates|-security|\/updates)$/, "", base)
    if (uri ~ /^cdrom:/ || (base != release && base != "stable")) {
        next
    }
    components = ""
    for (; i <= NF; i++) {
        components = components " " $i
    }
    printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents:%s\n", uri, suite, components
    n = split(options, option, " ")
    for (j = 1; j <= n; j++) {
        if (option[j] ~ /^signed-by=/) {
            print "Signed-By: " substr(option[j], 11)
        } else if (option[j] ~ /^trusted=/) {
            print "Trusted: " substr(option[j], 9)
        }
    }
    print ""
}
