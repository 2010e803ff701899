/* Updates: what was seen stands in front of what is changed, and what cannot be changed is left out. */
#include "../dns/zone.h"

#include <errno.h>

#include "format/dns_message.h"
#include "trust/zone/zone_update.h"

static struct answers seen;

static void ask(const struct zone_change *changes, size_t count)
{
	enum zone_skip skip;
	answers_init(&seen);
	for (size_t i = 0; i < count; i++)
		zone_update_skips("example.org", &changes[i], &seen, &skip);
	zone_answer(&seen);
}

/* The records of the message, as lines "SECTION OWNER TTL CLASS TYPE DATA". */
static void read_back(struct view message, struct buf *out)
{
	struct dns_message m;
	struct dns_resource r;
	assert_int_equal(dns_message_open(message, &m), 0);
	assert_string_equal(m.name, "example.org");
	assert_int_equal(m.type, DNS_SOA);
	assert_int_equal(m.opcode, DNS_OPCODE_UPDATE);
	while (dns_message_next(&m, &r) == 1) {
		char type[ZONE_TYPE_SIZE];
		zone_type_text(r.type, type);
		buf_printf(out, "%u %s %u %u %s ", r.section, r.owner, r.ttl, r.class, type);
		if (r.data.len)
			zone_data_text(r.type, r.data, out);
		buf_append_byte(out, '\n');
	}
}

static void what_was_seen_is_demanded(void **state)
{
	(void)state;
	zone_clear();
	zone_txt("example.org", "other");
	zone_txt("example.org", "v=spf1 -all");
	zone_canonical(zone_a("alias.example.org", 1), "elsewhere.example.net");
	zone_status("dark.example.org", DNS_TXT, ANSWER_FAILED, "");
	const struct zone_change changes[] = {
	    {true, {"example.org", DNS_TXT, 300, VIEW("\13v=spf1 -all")}},
	    {false, {"example.org", DNS_TXT, 3600, VIEW("\16v=spf1 mx -all")}},
	    {false, {"_dmarc.example.org", DNS_TXT, 3600, VIEW("\10v=DMARC1")}},
	    {false, {"example.net", DNS_TXT, 3600, VIEW("\1x")}},
	    {false, {"alias.example.org", DNS_A, 3600, VIEW("\1\2\3\4")}},
	    {false, {"dark.example.org", DNS_TXT, 3600, VIEW("\1x")}},
	};
	static const enum zone_skip skips[] = {
	    ZONE_SKIP_NOT, ZONE_SKIP_NOT, ZONE_SKIP_NOT, ZONE_SKIP_ZONE, ZONE_SKIP_ALIAS, ZONE_SKIP_UNSEEN};
	const size_t count = sizeof changes / sizeof changes[0];
	struct buf message, text;
	size_t made;
	enum zone_skip skip;
	ask(changes, count);
	for (size_t i = 0; i < count; i++) {
		assert_true(zone_update_skips("example.org", &changes[i], &seen, &skip));
		assert_int_equal(skip, skips[i]);
	}
	buf_init(&message, DNS_MESSAGE_MAX);
	buf_init(&text, 65536);
	assert_int_equal(zone_update_write(&message, 7, "example.org", changes, count, &seen, &made), 0);
	assert_int_equal(made, 3);
	read_back(buf_view(&message), &text);
	assert_string_equal(buf_string(&text), "0 example.org 0 1 TXT \"other\"\n"
	                                       "0 example.org 0 1 TXT \"v=spf1 -all\"\n"
	                                       "0 _dmarc.example.org 0 254 TXT \n"
	                                       "1 example.org 0 254 TXT \"v=spf1 -all\"\n"
	                                       "1 example.org 300 1 TXT \"v=spf1 mx -all\"\n"
	                                       "1 _dmarc.example.org 3600 1 TXT \"v=DMARC1\"\n");
	buf_done(&message);
	buf_init(&message, 100);
	assert_int_equal(
	    zone_update_write(&message, 7, "example.org", changes, count, &seen, &made), -ENOBUFS);
	buf_done(&message);
	buf_init(&message, 100);
	assert_int_equal(zone_update_write(&message, 7, "a..b", changes, count, &seen, &made), -EINVAL);
	buf_done(&message);
	buf_done(&text);
	answers_done(&seen);
	zone_clear();
}

static void every_code_has_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= 11; i++)
		assert_true(zone_update_words(i)[0] != '\0');
	assert_non_null(strstr(zone_update_words(DNS_NXRRSET), "somebody else"));
	assert_non_null(strstr(zone_update_words(DNS_REFUSED), "does not allow"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_seen_is_demanded),
	    cmocka_unit_test(every_code_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
