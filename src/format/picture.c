/* See picture.h. */
#include "format/picture.h"

/* An octet of a pattern that may be anything; it is in none of the signatures. */
static const char any = '?';

static const struct signature {
	enum picture kind;
	size_t len;
	const char *octets;
} signatures[] = {
    {PICTURE_PNG, 8, "\x89PNG\r\n\x1a\n"}, /* PNG 3 section 5.2 */
    {PICTURE_JPEG, 3, "\xff\xd8\xff"},     /* T.81 B.2.1: SOI, and a marker */
    {PICTURE_GIF, 6, "GIF87a"}, {PICTURE_GIF, 6, "GIF89a"},
    {PICTURE_WEBP, 12, "RIFF\?\?\?\?WEBP"}, /* RFC 9649 section 2.4 */
    {PICTURE_AVIF, 12, "\?\?\?\?ftypavif"}, /* ISO/IEC 14496-12 section 4.3 */
    {PICTURE_AVIF, 12, "\?\?\?\?ftypavis"},
    {PICTURE_BMP, 14, "BM\?\?\?\?\0\0\0\0\?\?\?\?"}, /* two reserved fields are zero */
};

static bool has(struct view octets, const struct signature *s)
{
	if (octets.len < s->len)
		return false;
	for (size_t i = 0; i < s->len; i++)
		if (s->octets[i] != any && s->octets[i] != octets.data[i])
			return false;
	return true;
}

enum picture picture_kind(struct view octets)
{
	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++)
		if (has(octets, &signatures[i]))
			return signatures[i].kind;
	return PICTURE_NONE;
}

const char *picture_media_type(enum picture kind)
{
	switch (kind) {
	case PICTURE_PNG:
		return "image/png";
	case PICTURE_JPEG:
		return "image/jpeg";
	case PICTURE_GIF:
		return "image/gif";
	case PICTURE_WEBP:
		return "image/webp";
	case PICTURE_AVIF:
		return "image/avif";
	case PICTURE_BMP:
		return "image/bmp";
	default:
		return "application/octet-stream";
	}
}
