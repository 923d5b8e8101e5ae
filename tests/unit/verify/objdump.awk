# Judges a disassembly of bundles that hold one accepted instruction each: it must have the
# length that the last instruction of the bundle pushes, not be forbidden, reach memory only
# as %gs:disp(%e,%e,n) or disp(%rsp), name no forbidden register and not write rsp.
# Variables: count, the number of bundles. Shares nothing with the verifier or Zydis.

function wrong(what) {
    if (problems++ < 50) {
        print "# " at ": " text ": " what
    }
}

# Splits AT&T operands at the commas outside parentheses; returns how many.
function split_operands(list, i, c, depth, n) {
    n = 0
    depth = 0
    delete operands
    for (i = 1; i <= length(list); i++) {
        c = substr(list, i, 1)
        depth += (c == "(") - (c == ")")
        if (c == "," && depth == 0) {
            n++
        } else {
            operands[n + 1] = operands[n + 1] c
        }
    }
    return list == "" ? 0 : n + 1
}

function is_rsp(operand) {
    return operand ~ /^%(rsp|esp|sp|spl)$/
}

function judge_memory(operand) {
    if (operand ~ /^%gs:-?(0x[0-9a-f]+)?\((%e[a-z][a-z]|%r[0-9]+d)?(,(%e[a-z][a-z]|%r[0-9]+d),[1248])?\)$/ &&
        operand !~ /%eip/) {
        return
    }
    if (operand ~ /^-?(0x[0-9a-f]+)?\(%rsp\)$/) {
        return
    }
    wrong("memory operand " operand)
}

function judge(name, list, n, i) {
    if (text ~ /\(bad\)/ || name ~ /^rex|^addr|^(c|d|e|f|g|s)s$|^notrack$|^bnd$|^xacquire$|^xrelease$|^data16$/ ||
        name ~ /^(repz|repnz|rep)$/) {
        # nop is filled with prefixes
        if (text !~ /(nop|nopw|nopl)/) {
            wrong("prefix or unknown")
        }
        return
    }
    if (name ~ forbidden) {
        wrong("forbidden")
    }
    if (name ~ /^nop/) {
        return
    }
    n = split_operands(list)
    for (i = 1; i <= n; i++) {
        if (operands[i] ~ /[:(]/ && operands[i] !~ /^%st\([0-7]\)$/ && name !~ /^lea/) {
            judge_memory(operands[i])
        }
        if (operands[i] ~ /^%([cdefgs]s$|[cdefgs]s:|cr|db|dr|mm|k[0-7]|zmm|bnd|tmm|[xy]mm(1[6-9]|[23][0-9]))/ &&
            operands[i] !~ /^%gs:/) {
            wrong("register " operands[i])
        }
        if (operands[i] ~ /^\*/ || (name ~ /^(call|ret|push[fwal]|pop[fwal])/)) {
            wrong("control flow or stack form")
        }
    }
    if (name ~ /^(xchg|xadd)/ && (is_rsp(operands[1]) || is_rsp(operands[2]))) {
        wrong("rsp written")
    }
    if (name ~ /^mulx/ && (is_rsp(operands[2]) || is_rsp(operands[3]))) {
        wrong("rsp written")
    }
    if (n > 0 && is_rsp(operands[n]) && name !~ /^(cmp|test|bt)[bwlq]?$/ && name !~ /^(xchg|xadd)/ && !(n == 1 && name ~ /^(i?mul|i?div)/) &&
        !(operands[n] == "%rsp" && name ~ /^(add|sub)$/ && operands[1] ~ /^\$/) &&
        !(operands[n] == "%rsp" && name == "lea" && operands[1] ~ /^-?(0x[0-9a-f]+)?\(%rsp\)$/)) {
        wrong("rsp written")
    }
}

BEGIN {
    forbidden = "^(sys(call|ret|enter|exit)|int$|int1|icebp|into|iret|hlt|cpuid|rdtsc|rdpmc|rdmsr|wrmsr|" \
        "rdpid|rdpru|rdpkru|wrpkru|rdrand|rdseed|xgetbv|xsetbv|xsave|xrstor|fxsave|fxrstor|" \
        "ldmxcsr|stmxcsr|vldmxcsr|vstmxcsr|fldcw|fnstcw|fstcw|fldenv|fnstenv|fstenv|frstor|" \
        "fnsave|fsave|fninit|finit|fnclex|fclex|std|cld|cli|sti|clac|stac|clui|stui|popf|pushf|" \
        "in$|inb|inw|inl|ins[bwld]|out|l(gdt|idt|ldt|tr|msw)|s(gdt|idt|ldt|tr$|msw)|ver[rw]|lar|lsl|" \
        "l[defgs]s|xlat|enter|leave|maskmov|vmaskmovdqu|v?p?gather|v?p?scatter|vgather|vpgather|" \
        "cmpxchg16b|monitor|mwait|umonitor|umwait|tpause|clzero|clflush|clwb|cldemote|movdir|" \
        "enqcmd|xbegin|xend|xabort|loop|jr?e?cxz|lcall|ljmp|lret|rdfsbase|rdgsbase|wrfsbase|" \
        "wrgsbase|swapgs|incssp|rdssp|saveprevssp|rstorssp|wr(u)?ss|setssbsy|clrssbsy|endbr|bnd|" \
        "movs[bwlq]$|stos|lods|scas|cmps[bwlq]$|vm[clrwxo][a-z]*(all|lea|aun|esu|off|on|rea|rit)|" \
        "encl|getsec|skinit|rsm|emms|femms|ud0|ud1|ptwrite|serialize|invlpg|invpcid|wbinvd|invd)"
    start = 1
}

# One line per instruction: address, bytes, text. `movs` and `stos` alone print with operands.
NF >= 3 {
    address = $1
    sub(/^ */, "", address)
    sub(/:.*/, "", address)
    nbytes = split($2, unused, " ")
    if (start) {
        at = address
        text = $3
        sub(/ *#.*/, "", text)
        sub(/ +$/, "", text)
        length_seen = nbytes
        bundles++
        list = text
        name = text
        sub(/ .*/, "", name)
        sub(/^[^ ]* */, "", list)
        if (list == name) {
            list = ""
        }
        if (name == "lock") {
            name = list
            sub(/ .*/, "", name)
            sub(/^[^ ]* */, "", list)
        }
        if (name == "rex") { # one without bits fills a bundle
            name = list
            sub(/ .*/, "", name)
            sub(/^[^ ]* */, "", list)
        }
        judge(name, list)
        start = 0
    } else if (address ~ /[13579bdf]e$/) {
        if ($3 !~ ("^push +\\$0x" sprintf("%x", length_seen) "$")) {
            wrong("another length than the verifier's, " length_seen ", not " $3)
        }
        start = 1
    } else if ($3 !~ /^int3/) {
        wrong("more than one instruction")
    }
}

END {
    if (bundles != count || count < 10000) {
        print "# " bundles " bundles of " count
        problems++
    }
    print "1..1"
    print (problems ? "not ok" : "ok") " 1 - objdump: " bundles " instructions, " problems + 0 " problems"
    exit problems != 0
}
