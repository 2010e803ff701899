/*
 * DNS messages of any server: what is read has names that may be used, and data that stays inside; a name
 * that was read and written is read alike; and a record that can be read as text is text.
 */
#include "fuzz.h"

#include <string.h>

#include "base/show.h"
#include "format/dns_message.h"
#include "trust/zone/zone_record.h"

static void check_name(const char *name)
{
	char again[DNS_NAME_SIZE];
	struct buf wire;
	struct dns_message m;
	if (name[0] == '\0')
		return;
	check(dns_question_parse(view_from_string(name), again) == 0);
	check(strcmp(name, again) == 0);
	buf_init(&wire, 1024);
	check(dns_question_write(&wire, 1, name, DNS_A, false) == 0);
	check(dns_message_open(buf_view(&wire), &m) == 0 && strcmp(m.name, name) == 0);
	buf_done(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;
	struct dns_resource r;
	struct buf out;
	if (dns_message_open(view_of(data, size), &m) != 0)
		return 0;
	check_name(m.name);
	buf_init(&out, DNS_MESSAGE_MAX);
	for (unsigned count = 0; dns_message_next(&m, &r) == 1; count++) {
		check(count < 3 * 65535 && r.section <= DNS_ADDITIONAL && r.start < size);
		check_name(r.owner);
		touch(r.data);
		buf_clear(&out);
		if (dns_resource_data(&m, &r, &out) != 0)
			continue;
		struct buf text;
		buf_init(&text, 8 * DNS_MESSAGE_MAX);
		zone_data_text(r.type, buf_view(&out), &text);
		check(!buf_failed(&text) && show_is_plain(buf_view(&text)));
		buf_done(&text);
	}
	buf_done(&out);
	return 0;
}
