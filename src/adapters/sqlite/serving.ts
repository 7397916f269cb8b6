/** Which backends may have a job, in SQL: pieces of statements about a row of `jobs`. */

/** What `abilityKey` makes of a recipe. */
const ABILITY = "(recipe ->> '$.workflow') || char(10) || (recipe -> '$.slots') || (recipe -> '$.params')";

/** Nothing of the job's inbox goes to a model at `@now`: a person has paused it, or its hours are over. */
export const INBOX_STOPPED = `
  EXISTS (SELECT 1 FROM switches WHERE name = 'pause:inbox:' || inbox
          OR (name = 'hours:inbox:' || inbox AND NOT (@now >= value ->> '$[0]' AND @now < value ->> '$[1]')))`;

/** One of the backends in the JSON list `@names` is in the recipe and not known to be unable (`@unable`, JSON). */
export const mayServe = (names: string, and = "1"): string => `
  EXISTS (SELECT 1 FROM json_each(recipe, '$.backends') AS its
          WHERE its.value IN (SELECT value FROM json_each(${names})) AND ${and}
            AND NOT EXISTS (SELECT 1 FROM json_each(@unable) AS no
                            WHERE no.value ->> 'backend' = its.value AND no.value ->> 'key' = ${ABILITY}))`;
