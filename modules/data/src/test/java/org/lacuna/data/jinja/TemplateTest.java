package org.lacuna.data.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is expected is what Python's Jinja 3.1 gives in Hugging Face's settings. */
class TemplateTest {

    private static Map<String, Object> message(String role, String content) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", role);
        message.put("content", content);
        return message;
    }

    private static String render(String template) {
        Map<String, Object> values = new HashMap<>();
        values.put("m", List.of(message("system", " hi\nyo "), message("user", "q"), message("assistant", "ans")));
        values.put("none_at_all", null);
        return Template.parse(template).render(values);
    }

    private static String refused(String template) {
        return assertThrows(TemplateException.class, () -> render(template)).getMessage();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '`', textBlock = """
            m[1:] | length                                      # 2
            m[::-1][0].content                                  # ans
            m[-1]['content'] ~ m[:-1]|length                    # ans2
            'abcdef'[4:1:-2] ~ 'abc'[-1] ~ 'abc'[::-1]          # ecccba
            'a' ~ 1 ~ true ~ none ~ 1.0                         # a1TrueNone1.0
            '' or 'y'                                           # y
            true and 'x' or 'y'                                 # x
            not 'a' in 'b' and 'a' not in 'b'                   # True
            1 < 2 < 3 and not 1 < 3 < 2                         # True
            7 // 2 ~ -7 // 2 ~ -7 % 3 ~ 7 / 2                   # 3-423.5
            2 ** 3 ** 2                                         # 64
            'a' * 3 + 'b'                                       # aaab
            1 == 1.0 and true == 1 and '1' != 1                 # True
            1e20 ~ '|' ~ 1.5e-7 ~ '|' ~ 100000.0                # 1e+20|1.5e-07|100000.0
            'x' if false                                        # ``
            nothing                                             # ``
            nothing is defined                                  # False
            none_at_all is defined and none_at_all is none      # True
            m[0].nope is defined or m[9] is defined             # False
            'role' in m[0] and 'tool_calls' not in m[0]         # True
            m[0].get('nope', 'd')                               # d
            m[0].items() | first                                # ('role', 'system')
            m is iterable and m[0] is mapping and 'a' is string # True
            '  x'.lstrip() ~ 'y..'.rstrip('.') ~ ' z '.strip()  # xyz
            'a</t>b'.split('</t>')[-1] ~ 'a b c'.split(' ', 1)  # b['a', 'b c']
            'abc'.startswith(('x', 'a')) and 'abc'.endswith('c')# True
            'a-b'.replace('-', '+') ~ 'ab'.upper() ~ 'ab'|title # a+bABAb
            ' a '|trim|upper ~ 'xax'|trim('x')                  # Aa
            m | map(attribute='role') | join(',')               # system,user,assistant
            m | selectattr('role', 'equalto', 'user') | list    # [{'role': 'user', 'content': 'q'}]
            m | rejectattr('role', 'in', ['user']) | list | length # 2
            {'a': 1, 'b': [true, none, 'é"']} | tojson          # {"a": 1, "b": [true, null, "é\\""]}
            {'b': 1, 'a': 2.5} | tojson(sort_keys=true, separators=(',', ':')) # {"a":2.5,"b":1}
            ["it's", 'x', "\\n", None, (1,)]                    # ["it's", 'x', '\\n', None, (1,)]
            '😀b' | length ~ '😀b'[0]                            # 2😀
            'a' 'b' ~ "\\u00e9"                                 # abé
            [3, 1, 2] | sort | last                             # 3
            nothing | default('q') ~ '' | default('r', true)    # qr
            strftime_now('%d %b %Y')                            # 26 Jul 2024
            range(2, 8, 3) | list                               # [2, 5]
            {'a': {'b': {}}}                                    # {'a': {'b': {}}}
            """)
    void expressionsHavePythonsValues(String expression, String expected) {
        assertEquals(expected, render("{{ " + expression + " }}"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', quoteCharacter = '`', ignoreLeadingAndTrailingWhitespace = false, textBlock = """
            {% for x in m %}{{ loop.index0 }}{{ loop.first }}{{ loop.last }};{% endfor %}#0TrueFalse;1FalseFalse;2FalseTrue;
            {% for x in m if x.role != 'user' %}{{ loop.index }}{{ loop.length }}{{ x.role }};{% endfor %}#12system;22assistant;
            {% for x in m %}{{ loop.previtem.role if loop.previtem is defined else '-' }}{{ loop.nextitem is defined }};{% endfor %}#-True;systemTrue;userFalse;
            {% for x in [] %}a{% else %}empty{% endfor %}#empty
            {% for a, b in [(1, 2), (3, 4)] %}{{ a }}{{ b }}{% endfor %}#1234
            {% for i in range(5) %}{% if i == 1 %}{% continue %}{% elif i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}#02
            {% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}#231
            {% set ns = namespace(n=0) %}{% for i in m %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}#3
            {% if true %}{% set y = 3 %}{% endif %}{{ y }}#3
            {% macro f(a, b='z') %}[{{ a }}{{ b }}]{% endmacro %}{{ f('q') + f('q', b=1) }}#[qz][q1]
            {% set c | trim %} {{ 1 }} {% endset %}{{ c }}#1
            {% set a, b = 'p', 'q' %}{{ b }}{{ a }}#qp
            {% generation %}g{% endgeneration %}{% raw %}{{ x }}{% endraw %}#g{{ x }}
            {{ '{{' }}{{ {'a': {'b': 1}}['a']['b'] }}{{ '%}' }}#{{1%}
            x {{- ' y ' -}} z#x y z
            """)
    void statements(String template, String expected) {
        assertEquals(expected, render(template));
    }

    @Test
    void whiteSpaceAroundBlocksIsPythons() {
        assertEquals("a\nb\nc", render("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "the block's line, and one line feed at the end, go");
        assertEquals("a\n  b\n", render("a\n  {%+ if true %}b{% endif +%}\n\n"), "a plus keeps what is on its side");
        assertEquals("a  x\n  b", render("a  {% if true %}x{% endif +%}\n  b"), "only a line's beginning goes");
        assertEquals("ab", render("a  \n {%- if true -%}  \n b {%- endif %}"));
        assertEquals("  1\n", render("  {{ 1 }}\n\n"), "prints keep what is around them");
        assertEquals("a\nb", render("a\r\n{# c #}\r\nb\r"));
        assertEquals("ab  c", render("a {#- c -#} b {# d #} c"));
        assertEquals("\n<", render("{% raw %}\n{% endraw %}\n<"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', textBlock = """
            {{ raise_exception('no ' ~ 1) }}      # line 1: the template refuses: no 1
            {{ nothing.x }}                       # line 1: 'nothing' is undefined
            {{ nothing() }}                       # line 1: 'nothing' is undefined
            {{ m.append(1) }}                     # line 1: a list has no method 'append' here
            {{ ''.getClass() }}                   # line 1: a string has no method 'getClass' here
            {{ m[0].class.x }}                    # line 1: .class of a mapping is undefined
            {{ 'a' + 1 }}                         # line 1: a string + a number has no value
            {{ m[0].items }}                      # line 1: .items of a mapping is a method; expected a call of it
            {{ 'x' | nope }}                      # line 1: there is no filter 'nope' here; the filters are tojson
            {{ 'x' is nope }}                     # line 1: there is no test 'nope' here; the tests are defined
            {% include 'x' %}                     # line 1: there is no block 'include' here
            {% if true %}                         # line 1: a block has no end; expected
            {% endif %}                           # line 1: there is no block 'endif' here
            {{ 1 2 }}                             # line 1: expected }}, not '2'
            {{ 'a }}                              # line 1: a string has no end
            {{ ] }}                               # line 1: unexpected ']'
            {{ 1 / 0 }}                           # line 1: a number is too large, or divided by zero
            {{ 9223372036854775807 + 1 }}         # line 1: a number is too large
            {{ nothing | tojson }}                # line 1: 'nothing', which is undefined, can't be JSON
            {{ strftime_now('%c') }}              # line 1: strftime_now does not know %c
            {% set m[0] = 1 %}                    # line 1: expected %}, not '['
            {{ loop.index }}                      # line 1: 'loop' is undefined
            """)
    void whatIsWrongIsSaid(String template, String message) {
        assertTrue(refused(template).startsWith(message), refused(template));
    }

    @Test
    void theLineIsTold() {
        assertEquals("line 3: 'b' is undefined", refused("a\n{% if true %}\n{{ b.c }}\n{% endif %}"));
        assertEquals("line 2: expected a value, not %}", refused("\n{% if %}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{{ 'a' * 1000000000000 }}",
        "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('a', 'aaaaaaaa') %}{% endfor %}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s | tojson }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ range(1000000000) | list | length }}",
        "{{ [1] | tojson(indent=1000000000) }}",
        "{% set s = 'a' * 9999999 %}{% for i in range(100000) %}{{ s.find('b') }}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% for i in range(100000) %}{{ 'b' in s }}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% set t = 'a' * 9999999 %}{% for i in range(100000) %}{{ s == t }}{% endfor %}",
        "{% set s = 'a' * 9999999 %}{% set t = 'a' * 9999999 %}{% for i in range(100000) %}{{ s.startswith(t) }}{% endfor %}",
        "{% set s = '\u00e9\u4e00' * 9999999 %}{% for i in range(100000) %}{{ s | length }}{{ s[-1] }}{% endfor %}",
        "{{ ('a' * 3000 ~ 'b') * 10000 }}{{ (('a' * 3000 ~ 'b') * 10000).find('a' * 5000) }}",
        "{% set s = '\n' * 19999999 %}{% for i in range(9) %}{{ s.splitlines() | length }}{% endfor %}",
    })
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aTemplateThatAsksForTooMuchIsRefused(String template) {
        String message = refused(template);
        assertTrue(message.contains(" more than ") || message.contains("too deeply"), message);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void manyPartsTakeNoLongerThanTheirText() {
        assertEquals("2000000", Template.parse("{{ ('a ' * 2000000).split() | length }}").render(Map.of()));
        assertEquals("1000000", Template.parse("{{ ('a,' * 1000000).rsplit(',', 999999) | length }}").render(Map.of()));
    }

    @Test
    void aTemplateThatIsTooLargeOrTooDeepIsRefused() {
        assertTrue(refused("{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + " }}").contains("too deeply"));
        assertTrue(refused("x".repeat((1 << 20) + 1)).contains("1048577 characters"));
    }

    @Test
    void valuesStayAsTheyAre() {
        Map<String, Object> values = new HashMap<>(Map.of("m", Arrays.asList(message("user", "q"))));
        Template.parse("{% set ns = namespace(m[0]) %}{% set ns.role = 'x' %}{% set m = 1 %}").render(values);
        assertEquals(Map.of("m", List.of(message("user", "q"))), values);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{{ a }}", "{{ m.b }}", "{{ a | join }}", "{% for x in a %}{% endfor %}", "{{ m.b ~ 'x' }}"})
    void whatIsNotThereIsRefusedWhereTheRenderingIsStrict(String template) {
        Template parsed = Template.parse(template);
        assertTrue(List.of("", "x").contains(parsed.render(Map.of("m", Map.of()))));
        String message = assertThrows(TemplateException.class, () -> parsed.renderStrictly(Map.of("m", Map.of()))).getMessage();
        assertTrue(message.contains(" is undefined"), message);
        assertEquals("no", Template.parse("{{ 'yes' if a is defined else 'no' }}").renderStrictly(Map.of()));
    }
}
