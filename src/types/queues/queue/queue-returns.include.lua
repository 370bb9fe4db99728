-- An item that has come back this often goes behind the others.
local MOST_RETURNS = 3
