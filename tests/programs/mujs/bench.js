// Calls, objects, arrays, strings, numbers.
function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2) }
print(fibonacci(25))

var sieve = [], count = 0, i, k
for (i = 0; i < 150000; i++) sieve[i] = true
for (i = 2; i < 150000; i++) {
  if (sieve[i]) { count++; for (k = 2 * i; k < 150000; k += i) sieve[k] = false }
}
print(count)

function Point(x, y) { this.x = x; this.y = y }
Point.prototype.add = function (o) { return new Point(this.x + o.x, this.y + o.y) }
var p = new Point(0, 0), step = new Point(1, 2)
for (i = 0; i < 150000; i++) p = p.add(step)
print(p.x, p.y)

var words = []
for (i = 0; i < 20000; i++) words.push("w" + (i * 7919 % 104729).toString(36))
words.sort()
var joined = words.join(" ")
print(joined.length, joined.replace(/[0-9]+/g, "#").length, joined.split(" ").length)

var x = 0.1, y = 0.2, t
for (i = 0; i < 500000; i++) { t = x; x = y * 1.0000001 + 0.5; y = t * 0.4999 - y * 0.1 }
print(x, y)
