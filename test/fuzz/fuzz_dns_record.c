/* Record data of any zone's owner: what comes out is a name that may be used, or nothing does. */
#include "fuzz.h"

#include <string.h>

#include "format/dns_record.h"

static void check_name(const char *name)
{
	char again[DNS_NAME_SIZE];
	check(strlen(name) < DNS_NAME_SIZE);
	check(dns_name_parse(view_from_string(name), again) == 0);
	check(strcmp(name, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = view_of(data, size);
	struct sockaddr_storage address;
	struct dns_mx mx;
	struct dns_tlsa tlsa;
	char name[DNS_NAME_SIZE];
	struct buf text;
	if (dns_name_parse(v, name) == 0)
		check_name(name);
	if (dns_record_name(v, name) == 0)
		check_name(name);
	if (dns_record_mx(v, &mx) == 0 && mx.host[0])
		check_name(mx.host);
	if (dns_record_tlsa(v, &tlsa) == 0)
		touch(tlsa.data);
	check((dns_record_address(DNS_A, v, &address) == 0) == (size == 4));
	check((dns_record_address(DNS_AAAA, v, &address) == 0) == (size == 16));
	buf_init(&text, DNS_TXT_MAX);
	if (dns_record_txt(v, &text) == 0)
		check(buf_view(&text).len < size);
	else
		check(buf_view(&text).len == 0);
	buf_done(&text);
	return 0;
}
