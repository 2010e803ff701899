#include "daemon/trace_search.h"
bool trace_day_name(const char *name)
{
	static const char form[] = "0000-00-00";
	for (size_t i = 0; i < TRACE_DAY_LEN; i++)
		if (form[i] == '0' ? !ascii_is_digit(name[i]) : name[i] != form[i])
			return false;
	return name[TRACE_DAY_LEN] == '\0';
}
