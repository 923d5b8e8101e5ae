# Counts words, fields and shapes of the lines.
{
    lines++
    for (i = 1; i <= NF; i++) { count[$i]++; letters += length($i) }
    if ($0 ~ /^[ \t]*(if|for|while)/) control++
    line = $0
    changed += gsub(/[0-9]+/, "#", line)
    sum += length(line) * 1.5
    split(line, parts, /[(),;]/)
    for (p in parts) pieces += parts[p] != ""
}
END {
    for (word in count) { total++; if (count[word] > most || count[word] == most && word < which) { most = count[word]; which = word } }
    print lines, letters, control, changed, sum, pieces, total, most, which
}
