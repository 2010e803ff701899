/* Kinds of pictures by their first octets: each kind, and what only looks like one. */
#include "../unit.h"

#include "format/picture.h"

#define KIND(literal) picture_kind(view_of(literal, sizeof(literal) - 1))

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(KIND("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), PICTURE_PNG);
	assert_int_equal(KIND("\xff\xd8\xff\xe0\0\x10JFIF"), PICTURE_JPEG);
	assert_int_equal(KIND("GIF89a\1\0\1\0"), PICTURE_GIF);
	assert_int_equal(KIND("GIF87a\1\0\1\0"), PICTURE_GIF);
	assert_int_equal(KIND("RIFF\x24\0\0\0WEBPVP8 "), PICTURE_WEBP);
	assert_int_equal(KIND("\0\0\0\x1c"
	                      "ftypavif\0\0\0\0"),
	    PICTURE_AVIF);
	assert_int_equal(KIND("\0\0\0\x1c"
	                      "ftypavis\0\0\0\0"),
	    PICTURE_AVIF);
	assert_int_equal(KIND("BM\x36\0\0\0\0\0\0\0\x36\0\0\0"), PICTURE_BMP);
}

static void others(void **state)
{
	(void)state;
	assert_int_equal(KIND(""), PICTURE_NONE);
	assert_int_equal(KIND("\x89PNG"), PICTURE_NONE);
	assert_int_equal(KIND("RIFF\x24\0\0\0WAVEfmt "), PICTURE_NONE);
	assert_int_equal(KIND("\0\0\0\x1c"
	                      "ftypisom\0\0\0\0"),
	    PICTURE_NONE);
	assert_int_equal(KIND("<svg xmlns='http://www.w3.org/2000/svg'/>"), PICTURE_NONE);
	assert_int_equal(KIND("<?xml version='1.0'?><svg/>"), PICTURE_NONE);
	assert_int_equal(KIND("<html><script>1</script>"), PICTURE_NONE);
	/* A text that begins with "BM" is none. */
	assert_int_equal(KIND("BMW builds cars in Munich"), PICTURE_NONE);
	assert_int_equal(KIND("%PDF-1.7"), PICTURE_NONE);
	assert_string_equal(picture_media_type(PICTURE_NONE), "application/octet-stream");
	for (unsigned kind = PICTURE_NONE + 1; kind <= PICTURE_LAST; kind++)
		assert_true(view_starts(view_from_string(picture_media_type(kind)), VIEW("image/")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
