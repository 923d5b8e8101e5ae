-- A walk through the library; everything it prints must be the same everywhere.
local function show(...) print(select("#", ...), ...) end

-- Strings, patterns, formats.
local text = "the quick brown fox jumps over the lazy dog 0123456789"
for word in text:gmatch("%a+") do io.write(word:upper(), ".", #word, " ") end
show(text:gsub("(%w+) (%w+)", "%2 %1"))
show(text:find("l(a)(z)y"), text:byte(1, 5))
for _, value in ipairs { 0, 1, -1, 0.1, 1e100, math.pi, 2 ^ 63, -0.0, 1 / 0 } do
  show(string.format("%.17g %.3f %10.4e %a %5.1f|%-12g|", value, value, value, value, value, value))
end
show(string.pack("<i4d>s2", 77, 0.5, "packed"):byte(1, -1))
show(utf8.char(228, 8364, 128512), utf8.len("äöü"), ("x"):rep(5, ","))
show(string.format("%q", 'a "quoted"\n\0 string'), tostring(1e15), 2 ^ 53 | 0, 7 // -2, 7 % -2, -7.5 % 2)

-- Mathematics.
for i = 1, 40 do
  local x = i * 0.37 - 5
  show(math.floor(x), math.sin(x), math.exp(x), math.log(i), math.sqrt(i), x ^ 3, math.fmod(x, 1.1),
    math.tointeger(i * 1.0), math.ult(i, -i), math.atan(x, i))
end

-- Tables, sorting, closures, coroutines, errors.
local numbers, seed = {}, 42
for i = 1, 500 do seed = (seed * 1103515245 + 12345) % 2147483648; numbers[i] = seed end
table.sort(numbers, function(a, b) return a % 1000 < b % 1000 or a % 1000 == b % 1000 and a < b end)
show(table.concat(numbers, " ", 1, 60), table.unpack(numbers, 490, 500))
local generator = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i, i * i) end end)
for i, square in generator do show(i, square) end
show(pcall(error, { code = 7 }) == false, pcall(function() local x = nil; return x.y end))
show(select(2, xpcall(function() error("deep") end, debug.traceback)))
local meta = setmetatable({}, { __index = function(_, k) return k .. "!" end, __call = function(_, a) return a + 1 end,
  __close = function() print("closed") end, __gc = function() end })
show(meta.hello, meta(41))
do local guard <close> = meta end
show(load("return function(...) local a, b = ... ; return a << 3 ~ b end")()(5, 3))
goto done
print("not reached")
::done::

-- Files.
local name = "suite.tmp"
local file = assert(io.open(name, "w+"))
for i = 1, 1000 do file:write(i, " ", i / 7, "\n") end
file:seek("set", 500)
show(file:read("l", "n", "n", 10), file:seek("cur"), file:seek("end"))
file:close()
local total = 0
for line in io.lines(name) do total = total + #line end
show(total, os.rename(name, name .. "2"), os.remove(name .. "2"), io.open(name))
show(os.time { year = 2024, month = 2, day = 30, hour = 12 }, os.date("!%Y-%m-%d %H:%M:%S", 86400 * 365))
show(collectgarbage("count") > 0, collectgarbage(), os.getenv("TZ"), #arg, arg[0])
