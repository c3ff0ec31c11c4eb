# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Run in a web server: pages for the benchmark. A page includes as many files as an application does, and uses one."""

import pathlib
import sys

METHODS = 12
METHOD = """
    public function m{number}(array $given): array
    {{
        ksort($given);
        foreach ($given as $key => $value) {{
            if ($value > {number}) {{
                $given[$key] = $value * {number} + strlen((string) $key);
            }}
        }}
        return array_filter($given);
    }}
"""
END = "printf('%d files, %d bytes', count(get_included_files()), memory_get_peak_usage());\n"

root, files = pathlib.Path(sys.argv[1]), int(sys.argv[2])
(root / "lib").mkdir(parents=True, exist_ok=True)
for number in range(files):
    methods = "".join(METHOD.format(number=method) for method in range(METHODS))
    (root / "lib" / f"c{number}.php").write_text(f"<?php\nclass C{number}\n{{{methods}}}\n")
(root / "small.php").write_text(f"<?php\n{END}")
(root / "large.php").write_text(
    f'<?php\nfor ($n = 0; $n < {files}; $n++) {{\n    require __DIR__ . "/lib/c$n.php";\n}}\n'
    f"(new C7())->m3([1, 2, 3]);\n{END}"
)
