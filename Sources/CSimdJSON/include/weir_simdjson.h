#pragma once
#ifdef __cplusplus
extern "C" {
#endif
int weir_json_placeholder(void);
#ifdef __cplusplus
}
#endif
