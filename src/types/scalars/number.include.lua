-- JavaScript's own text for a number: the shortest digits that read back as the same double, in the layout of String().
local function number_text(n)
  if n == 0 then
    return '0'
  end
  if n == math.floor(n) and n > -1e15 and n < 1e15 then
    return string.format('%.0f', n)
  end
  -- Subnormal doubles may need fewer digits; for all others 15 digits always read back what 15 digits wrote.
  local precision = math.abs(n) < 2.2250738585072014e-308 and 1 or 15
  local written
  for p = precision, 17 do
    written = string.format('%.' .. (p - 1) .. 'e', n)
    if tonumber(written) == n then
      break
    end
    if p == 16 then
      -- At a power of two the gap below is half the gap above: the next 16 digits away from zero may read back, too.
      local head, tail = written:match('^(.*)(e.*)$')
      local last = head:sub(-1)
      if last ~= '9' then
        local nextUp = head:sub(1, -2) .. tostring(tonumber(last) + 1) .. tail
        if tonumber(nextUp) == n then
          written = nextUp
          break
        end
      end
    end
  end
  local sign, lead, fraction, exponent = written:match('^(-?)(%d)%.?(%d*)e([-+]%d+)$')
  local digits = (lead .. fraction):gsub('0+$', '')
  local k, point = #digits, tonumber(exponent) + 1
  if k <= point and point <= 21 then
    return sign .. digits .. string.rep('0', point - k)
  elseif 0 < point and point <= 21 then
    return sign .. digits:sub(1, point) .. '.' .. digits:sub(point + 1)
  elseif -6 < point and point <= 0 then
    return sign .. '0.' .. string.rep('0', -point) .. digits
  end
  local power = (point > 0 and '+' or '-') .. string.format('%d', math.abs(point - 1))
  return sign .. digits:sub(1, 1) .. (k > 1 and '.' .. digits:sub(2) or '') .. 'e' .. power
end

-- The number that a text is in JavaScript's own form, or nil: '42' and '1e-7' are, '007', '1.0' and 'nan' are not.
local function number_of(text)
  local first = text:byte(1)
  if not first or not (first >= 48 and first <= 57 or first == 45) then
    return nil
  end
  local n = tonumber(text)
  if not n or n - n ~= 0 then
    return nil
  end
  -- For most numbers the shortest of C's formats that reads back is JavaScript's text. (Not at a power of two, and only
  -- where both write no exponent.)
  if not text:find('[eE]') and n ~= 0 then
    local short = string.format('%.15g', n)
    if tonumber(short) ~= n then
      short = string.format('%.16g', n)
      if short ~= text and tonumber(short) ~= n and math.abs(math.frexp(n)) ~= 0.5 then
        short = string.format('%.17g', n)
      end
    end
    if short == text then
      return n
    end
  end
  return number_text(n) == text and n or nil
end
