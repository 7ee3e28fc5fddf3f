#include "weir_simdjson.h"
int weir_json_placeholder(void){return 0;}
