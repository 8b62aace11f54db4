export { buildObject, type BuildOptions, type BuiltObject } from './build-object';
export { givenAttributes } from './given-attributes';
export type { BaseObject } from './kept-elements';
export { attributesOfRecipe, isIngredient, type Recipe, recipeWarnings } from './recipes';
export { withHeader } from './with-header';
