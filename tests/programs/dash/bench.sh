i=0; s=0; t=
while [ $i -lt 400000 ]; do
    i=$((i + 1))
    case $i in *7*) s=$((s + i % 13)) ;; *[05]) t=${t#?????????}$i ;; esac
done
echo $s $t
