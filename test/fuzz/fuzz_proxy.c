/* PROXY headers: the length is within the input and the limits; a cut header asks for more or is refused. */
#include "fuzz.h"

#include "io/network.h"
#include "io/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_storage address = {0};
	char text[NETWORK_TEXT_SIZE];
	bool local = false;
	struct view bytes = view_of(data, size);
	size_t rest = 0;
	int n = proxy_header_parse(bytes, &address, &local, &rest);
	check(n <= (int)size && n <= PROXY_HEADER_MAX && rest <= PROXY_EXTENSIONS_MAX);
	if (n > 0 && !local) {
		check(address.ss_family == AF_INET || address.ss_family == AF_INET6);
		network_text(&address, text);
		check(proxy_header_parse(view_take(bytes, (size_t)n - 1), &address, &local, &rest) <= 0);
	}
	network_contains(bytes, &address);
	return 0;
}
