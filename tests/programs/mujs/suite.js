// A walk through ECMAScript 5; everything it prints must be the same everywhere.
function show() { print(Array.prototype.slice.call(arguments).join(" ")) }

var values = [0, -0, 1, -1.5, 1e21, 1e-7, 123456789012345680000, 0.1 + 0.2, 1 / 3, NaN, Infinity, 5e-324, 1.7976931348623157e308]
values.forEach(function (v) {
  show(v, v.toFixed(3), v.toExponential(6), v.toPrecision(9), v | 0, v >>> 1, ~v)
})
for (var base = 2; base <= 36; base += 5) show((255.5).toString(base), parseInt("zz19", base))
for (var i = 1; i < 30; i++) {
  var x = i * 0.7 - 9
  // Two libraries may differ in the last of 17 digits.
  show([Math.sin(x), Math.exp(x), Math.pow(i, x), Math.atan2(x, i), Math.log(i)].map(function (v) { return v.toPrecision(14) }))
  show(Math.sqrt(i), Math.round(x), x % 1.3)
}
var text = "The quick brown fox, and the lazy dog: 2024-05-06."
show(text.replace(/(\w+) (\w+)/g, "$2 $1"), text.match(/[a-z]{4,}/g), text.split(/[ ,:]+/), text.search(/lazy/))
show(/(\d+)-(\d+)/.exec(text), "äöü€".charCodeAt(3), "äöü".toUpperCase(), encodeURIComponent("€ &"))
show(JSON.stringify({ a: [1, "two", null, { b: true }], c: "q\"\n" }, null, 2), JSON.stringify(JSON.parse('[1,{"x":[2e3]}]')))
var list = []
for (i = 0; i < 200; i++) list.push((i * 7919) % 211)
show(list.sort(function (a, b) { return a - b }).slice(0, 20), list.reverse().indexOf(7), list.map(String).filter(function (s) { return s.length > 2 }).length)
function Point(x) { this.x = x }
Point.prototype = { get twice() { return 2 * this.x }, toString: function () { return "P" + this.x } }
show(new Point(4), new Point(5).twice, Object.keys({ b: 1, a: 2 }), typeof null, [1, [2, [3]]], void 0 === undefined)
try { undefined.y } catch (e) { show(e instanceof TypeError) } finally { show("finally") }
try { eval("var 1") } catch (e) { show(e.name) }
show(new Date(86400000 * 365.25).toISOString(), Date.UTC(2024, 1, 30), new Date(0).getUTCDay())
function deep(n) { return n ? deep(n - 1) + 1 : 0 }
show(deep(20), (function () { return arguments.length })(1, 2, 3), (function (a) { a = 7; return arguments[0] })(1))
