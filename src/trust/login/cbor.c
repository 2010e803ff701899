/* CBOR, read once and strictly: see cbor.h. A reader that took several forms of one value would let two
 * programs see two things in the same octets. */
#include "trust/login/cbor.h"

#include "base/utf8.h"

/* Pairs of one map: a key or an attestation has fewer than ten. The search for doubled keys is quadratic. */
enum { PAIRS_MAX = 32, VALUES_MAX = 64 };

enum { INFO_U8 = 24, INFO_U16, INFO_U32, INFO_U64, SIMPLE_FALSE = 20, SIMPLE_TRUE, SIMPLE_NULL };

/* The number behind the first octet, in its shortest form (RFC 8949 section 4.2.1). */
static bool take_number(struct cursor *in, unsigned info, uint64_t *number)
{
	uint64_t least = 0;
	if (info < INFO_U8) {
		*number = info;
	} else if (info == INFO_U8) {
		*number = cursor_u8(in);
		least = INFO_U8;
	} else if (info == INFO_U16) {
		*number = cursor_u16(in);
		least = UINT64_C(1) << 8;
	} else if (info == INFO_U32) {
		*number = cursor_u32(in);
		least = UINT64_C(1) << 16;
	} else if (info == INFO_U64) {
		*number = cursor_u64(in);
		least = UINT64_C(1) << 32;
	} else {
		return false;
	}
	return cursor_ok(in) && *number >= least;
}

static bool take(struct cursor *in, struct cbor *value, unsigned depth);

static bool take_array(struct cursor *in, struct cbor *value, unsigned depth)
{
	struct cbor element;
	const char *begin = in->rest.data;
	if (value->number > VALUES_MAX || depth == 0)
		return false;
	for (uint64_t i = 0; i < value->number; i++)
		if (!take(in, &element, depth - 1))
			return false;
	value->octets = view_of(begin, (size_t)(in->rest.data - begin));
	return true;
}

static bool take_map(struct cursor *in, struct cbor *value, unsigned depth)
{
	struct view keys[PAIRS_MAX];
	struct cbor element;
	const char *begin = in->rest.data;
	if (value->number > PAIRS_MAX || depth == 0)
		return false;
	for (uint64_t i = 0; i < value->number; i++) {
		const char *key = in->rest.data;
		if (!take(in, &element, depth - 1))
			return false;
		/* The same key has the same octets, since each value has one form. */
		keys[i] = view_of(key, (size_t)(in->rest.data - key));
		for (uint64_t k = 0; k < i; k++)
			if (view_equal(keys[k], keys[i]))
				return false;
		if (!take(in, &element, depth - 1))
			return false;
	}
	value->octets = view_of(begin, (size_t)(in->rest.data - begin));
	return true;
}

static bool take_simple(struct cbor *value)
{
	if (value->number < SIMPLE_FALSE || value->number > SIMPLE_NULL)
		return false;
	value->kind = (enum cbor_kind)(CBOR_FALSE + (value->number - SIMPLE_FALSE));
	return true;
}

static bool take(struct cursor *in, struct cbor *value, unsigned depth)
{
	enum { UNSIGNED, NEGATIVE, OCTETS, TEXT, ARRAY, MAP, TAG, SIMPLE };
	uint8_t first = cursor_u8(in);
	*value = (struct cbor){0};
	if (!cursor_ok(in) || !take_number(in, first & 31, &value->number))
		return false;
	switch (first >> 5) {
	case UNSIGNED:
		value->kind = CBOR_UNSIGNED;
		return true;
	case NEGATIVE:
		value->kind = CBOR_NEGATIVE;
		return true;
	case OCTETS:
	case TEXT:
		value->kind = first >> 5 == TEXT ? CBOR_TEXT : CBOR_OCTETS;
		if (value->number > in->rest.len)
			return false;
		value->octets = cursor_bytes(in, (size_t)value->number);
		return value->kind == CBOR_OCTETS || utf8_valid(value->octets);
	case ARRAY:
		value->kind = CBOR_ARRAY;
		return take_array(in, value, depth);
	case MAP:
		value->kind = CBOR_MAP;
		return take_map(in, value, depth);
	case SIMPLE:
		/* 1 octet only: what follows it are fractions, or simple values that nobody has named. */
		return (first & 31) < INFO_U8 && take_simple(value);
	default:
		return false;
	}
}

bool cbor_take(struct cursor *in, struct cbor *value)
{
	struct cbor taken;
	if (!take(in, &taken, CBOR_DEPTH_MAX)) {
		in->failed = true;
		return false;
	}
	*value = taken;
	return true;
}

bool cbor_read(struct view text, struct cbor *value)
{
	struct cursor in = cursor_on(text);
	struct cbor taken;
	if (!cbor_take(&in, &taken) || !cursor_at_end(&in))
		return false;
	*value = taken;
	return true;
}

static bool is_integer(const struct cbor *key, int64_t wanted)
{
	int64_t number;
	return cbor_integer(key, &number) && number == wanted;
}

/* By the text when there is one, else by the number. */
static bool find(const struct cbor *map, const char *text, int64_t number, struct cbor *value)
{
	if (map->kind != CBOR_MAP)
		return false;
	struct cursor in = cursor_on(map->octets);
	for (uint64_t i = 0; i < map->number; i++) {
		struct cbor key, found;
		if (!cbor_take(&in, &key) || !cbor_take(&in, &found))
			return false;
		if (text ? key.kind == CBOR_TEXT && view_equal(key.octets, view_from_string(text))
		         : is_integer(&key, number)) {
			*value = found;
			return true;
		}
	}
	return false;
}

bool cbor_member(const struct cbor *map, const char *key, struct cbor *value)
{
	return find(map, key, 0, value);
}

bool cbor_member_number(const struct cbor *map, int64_t key, struct cbor *value)
{
	return find(map, NULL, key, value);
}

bool cbor_integer(const struct cbor *value, int64_t *number)
{
	if ((value->kind != CBOR_UNSIGNED && value->kind != CBOR_NEGATIVE) || value->number > INT64_MAX)
		return false;
	*number = value->kind == CBOR_UNSIGNED ? (int64_t)value->number : -1 - (int64_t)value->number;
	return true;
}
