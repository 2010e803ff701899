/* See report_address.h. */
#include "config/report_address.h"

#include "format/address_normal.h"

bool report_address_is(struct view addresses, struct view address)
{
	struct address wanted, given;
	struct view line;
	if (addresses.len == 0 || address_normalize(address, &given) != 0)
		return false;
	while (addresses.len > 0 && view_next(&addresses, '\n', &line))
		if (address_normalize(line, &wanted) == 0 &&
		    view_equal(address_view(&wanted), address_view(&given)))
			return true;
	return false;
}
