#include "../unit.h"

#include <errno.h>

#include "base/buf.h"
#include "base/mem.h"
#include "extract/xml.h"

struct heard {
	struct buf text;
	struct xml_reader *reader;
	const char *stop_at;
};

static void start(void *arg, struct view name, const char *const *attributes)
{
	struct heard *h = arg;
	buf_printf(&h->text, "<%.*s", VIEW_FMT(name));
	struct view id = xml_attribute(attributes, VIEW("id"));
	if (id.len)
		buf_printf(&h->text, " %.*s", VIEW_FMT(id));
	buf_append_byte(&h->text, '>');
	if (h->stop_at && view_equal(name, view_from_string(h->stop_at)))
		xml_stop(h->reader);
}

static void end(void *arg, struct view name)
{
	buf_printf(&((struct heard *)arg)->text, "</%.*s>", VIEW_FMT(name));
}

static void text(void *arg, struct view utf8)
{
	buf_append(&((struct heard *)arg)->text, utf8);
}

static int read_xml(struct heard *h, struct view xml, size_t piece)
{
	struct xml_events events = {start, end, text, h};
	buf_init(&h->text, 64 << 20);
	h->reader = xml_reader_new(&events);
	if (h->reader == NULL)
		return -ENOMEM;
	int error = 0;
	while (error == 0 && xml.len > 0) {
		error = xml_feed(h->reader, view_take(xml, piece), xml.len <= piece);
		xml = view_skip(xml, piece);
	}
	xml_reader_free(h->reader);
	return error;
}

static void assert_xml(struct view xml, int error, const char *expected)
{
	for (size_t piece = 1; piece <= xml.len; piece += 1 + piece / 2) {
		struct heard h = {0};
		assert_int_equal(read_xml(&h, xml, piece), error);
		if (expected)
			assert_string_equal(buf_string(&h.text), expected);
		buf_done(&h.text);
	}
}

static void tells_elements_and_text(void **state)
{
	(void)state;
	assert_xml(
	    VIEW("<?xml version='1.0'?><w:a xmlns:w='urn:w' w:id='7'>x&amp;<![CDATA[<y>]]>&#xe4;<b/></w:a>"),
	    0, "<a 7>x&<y>ä<b></b></a>");
	assert_xml(VIEW("\xff\xfe<\0a\0>\0\xe4\0<\0/\0a\0>\0"), 0, "<a>ä</a>");
}

static void refuses_what_expands(void **state)
{
	(void)state;
	assert_xml(VIEW("<!DOCTYPE a [<!ENTITY b 'cc'>]><a>&b;</a>"), -EBADMSG, "");
	assert_xml(VIEW("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), -EBADMSG, "");
	assert_xml(VIEW("<a>&b;</a>"), -EBADMSG, "<a>");
	assert_xml(VIEW("<a></b>"), -EBADMSG, "<a>");
	assert_xml(VIEW("<a>"), -EBADMSG, "<a>");
}

static void bounds_depth_tags_and_memory(void **state)
{
	(void)state;
	struct heard h = {0};
	struct buf xml;
	buf_init(&xml, 64 << 20);
	for (unsigned i = 0; i < XML_DEPTH_MAX + 1; i++)
		buf_append_string(&xml, "<a>");
	assert_int_equal(read_xml(&h, buf_view(&xml), 1000), -E2BIG);
	buf_done(&h.text);

	buf_clear(&xml);
	buf_append_string(&xml, "<a b='");
	for (unsigned i = 0; i < 8 * XML_TAG_MAX; i++)
		buf_append_byte(&xml, 'x');
	buf_append_string(&xml, "'/>");
	assert_int_equal(read_xml(&h, buf_view(&xml), 1 << 20), -E2BIG);
	buf_done(&h.text);

	/* Each name is kept. */
	buf_clear(&xml);
	buf_append_string(&xml, "<a>");
	for (unsigned i = 0; i < 500000; i++)
		buf_printf(&xml, "<n%u/>", i);
	assert_int_equal(read_xml(&h, buf_view(&xml), 1 << 20), -E2BIG);
	buf_done(&h.text);
	buf_done(&xml);

	/* What it took was given back. */
	assert_xml(VIEW("<a>x</a>"), 0, "<a>x</a>");
}

static void stops(void **state)
{
	(void)state;
	struct heard h = {.stop_at = "b"};
	assert_int_equal(read_xml(&h, VIEW("<a>x<b>y</b></a>"), 100), -ECANCELED);
	assert_string_equal(buf_string(&h.text), "<a>x<b>");
	buf_done(&h.text);
}

static void says_when_memory_is_missing(void **state)
{
	(void)state;
	int failures = 0;
	for (unsigned n = 1; n < 100; n++) {
		struct heard h = {0};
		mem_fail_after(n);
		int error = read_xml(&h, VIEW("<a>x<b c='d'>y</b></a>"), 5);
		bool came = !mem_fault_pending();
		mem_fail_after(0);
		bool ours = buf_failed(&h.text);
		assert_int_equal(error, came && !ours ? -ENOMEM : 0);
		failures += error != 0;
		buf_done(&h.text);
	}
	assert_true(failures > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tells_elements_and_text),
	    cmocka_unit_test(refuses_what_expands),
	    cmocka_unit_test(bounds_depth_tags_and_memory),
	    cmocka_unit_test(stops),
	    cmocka_unit_test(says_when_memory_is_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
