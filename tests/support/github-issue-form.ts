import { z } from 'zod';

/**
 * Issue forms and the template chooser as GitHub documents them ("Syntax for issue forms", "Syntax for GitHub's form schema" and
 * "Common validation errors when creating issue forms"). GitHub shows a form that breaks one of these rules to nobody.
 */

/** Empty and blank strings are refused wherever a string is expected. */
const Text = z.string().regex(/\S/, 'must not be blank');
const Id = z.string().regex(/^[A-Za-z0-9_-]+$/, 'can only contain numbers, letters, -, _');
/** Up to fifty characters, and no comma: the list may also be written as one string with commas between. */
const LabelName = Text.max(50).regex(/^[^,]+$/);
const Validations = z.strictObject({ required: z.boolean().optional() });
/** Words that whoever is after credentials asks for. */
const Question = Text.refine((label) => !/password/i.test(label), 'contains a forbidden word');
const asked = { description: z.string().optional(), placeholder: z.string().optional(), value: z.string().optional() };

const Options = z
  .array(Text)
  .min(1)
  .refine((options) => new Set(options).size === options.length, 'options must be unique')
  .refine(
    (options) => !options.some((option) => option.toLowerCase() === 'none'),
    'options must not include the reserved word, none',
  )
  .refine(
    (options) => !options.some((option) => /^(?:true|false|yes|no|on|off|y|n)$/i.test(option)),
    'must not include booleans',
  );

const Field = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: Text }) }),
  z.strictObject({
    type: z.literal('input'),
    id: Id.optional(),
    attributes: z.strictObject({ label: Question, ...asked }),
    validations: Validations.optional(),
  }),
  z.strictObject({
    type: z.literal('textarea'),
    id: Id.optional(),
    attributes: z.strictObject({ label: Question, ...asked, render: Text.optional() }),
    validations: Validations.optional(),
  }),
  z.strictObject({
    type: z.literal('dropdown'),
    id: Id.optional(),
    attributes: z.strictObject({
      label: Text,
      description: z.string().optional(),
      multiple: z.boolean().optional(),
      options: Options,
      default: z.int().nonnegative().optional(),
    }),
    validations: Validations.optional(),
  }),
  z.strictObject({
    type: z.literal('checkboxes'),
    id: Id.optional(),
    attributes: z.strictObject({
      label: Text,
      description: z.string().optional(),
      options: z.array(z.strictObject({ label: Text, required: z.boolean().optional() })).min(1),
    }),
    validations: Validations.optional(),
  }),
]);
type Field = z.infer<typeof Field>;

/** What a field is referred to by: its id, or what is left of its label. */
function referenceOf(field: Exclude<Field, { type: 'markdown' }>): string {
  const { id, attributes } = field;
  return (
    id ??
    attributes.label
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^-|-$/g, '')
  );
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const answered = (body: readonly Field[]) => body.filter((field) => field.type !== 'markdown');

export const IssueForm = z.strictObject({
  name: Text.min(4),
  description: Text.max(200),
  title: Text.optional(),
  labels: z.array(LabelName).optional(),
  assignees: z.array(Text).optional(),
  projects: z.array(z.string().regex(/^[A-Za-z0-9-]+\/\d+$/)).optional(),
  type: Text.optional(),
  body: z
    .array(Field)
    .min(1)
    .refine((body) => answered(body).length > 0, 'body must contain at least one non-markdown field')
    .refine((body) => isUnique(answered(body).flatMap(({ id }) => id ?? [])), 'body must have unique ids')
    .refine((body) => isUnique(answered(body).map(referenceOf)), 'labels are too similar'),
});
export type IssueForm = z.infer<typeof IssueForm>;

/** `.github/ISSUE_TEMPLATE/config.yml`. */
export const TemplateChooser = z.strictObject({
  blank_issues_enabled: z.boolean().optional(),
  contact_links: z.array(z.strictObject({ name: Text, url: z.url(), about: Text })).optional(),
});

/** The labels that a repository has from its first day; a form's label that does not exist is left out. */
export const LABELS_OF_A_NEW_REPOSITORY: readonly string[] = [
  'bug',
  'documentation',
  'duplicate',
  'enhancement',
  'good first issue',
  'help wanted',
  'invalid',
  'question',
  'wontfix',
];
